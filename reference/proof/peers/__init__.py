"""Side by side with well-kept libraries: where one has the function, both give the same numbers."""
