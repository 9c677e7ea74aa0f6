"""One edit as a unit of work: admission, workers, stages, cancellation."""
