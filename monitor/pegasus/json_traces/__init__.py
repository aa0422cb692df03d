"""Traces in JSON lines: stampede events, and the monitor's stream planned for Pegasus 6."""

from monitor.pegasus.json_traces.lines import LONGEST_LINE, JsonLines, looks_like_json_lines

__all__ = ["LONGEST_LINE", "JsonLines", "looks_like_json_lines"]
