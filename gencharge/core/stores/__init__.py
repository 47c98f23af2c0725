"""MongoDB, Redis, files, and all the stores of a process opened together."""
