"""What the API promises: profiles, parameters, responses, events, usage. No pixels, no sockets."""
