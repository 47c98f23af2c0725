"""HTTP: the edge, dependencies, paging, direct and cached routes."""
