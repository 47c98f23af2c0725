"""Work outside requests: jobs on a clock and loops over due rows."""
