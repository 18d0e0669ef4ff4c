"""Hidden trials: scenarios that no spec shows, replayed on a submission and on the reference.

`weekN.inputs(seed)` draws plain data; `weekN.run(katas, given)` feeds it to whatever stands behind
`katas` and returns plain data. Equal answers for inputs that the judge drew are the only way to pass.
"""
