"""Runs that Pegasus made: its event files, submit directories and databases, read into events of ours."""
