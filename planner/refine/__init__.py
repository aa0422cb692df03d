"""The refiners: each makes the plan a little more executable; `planner.pipeline` lists them in order."""
