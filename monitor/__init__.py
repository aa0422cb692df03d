"""Runs and watches: engines bring a plan's jobs to their end, readers turn what they left into events."""
