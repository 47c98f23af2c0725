"""Launchers: the command line, the development server, the worker, the doctor."""
