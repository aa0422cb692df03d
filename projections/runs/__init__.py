"""The group of views about running: runs, tasks, jobs, attempts, invocations, integrity sums."""
