"""HTTP only: routes, bodies, access, limits, streams. Never a pixel."""
