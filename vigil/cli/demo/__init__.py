"""`vigil demo` and `vigil stop`: the whole job on one machine, and its end."""
