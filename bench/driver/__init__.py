"""What bench/run is made of: processes and their clean end, bodies, rounds, one module per suite,
the report."""
