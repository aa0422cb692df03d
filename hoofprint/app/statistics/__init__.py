"""Statistics as people and programs get them: text, CSV and JSON, rounded as Pegasus rounds."""
