"""The group of views about data: files, replicas, checksums, transfers, tags, reuse."""
