"""Finding files: a typed filter over tags and system fields, its one-line text form, and the search itself.

``parse_filter`` reads the text, ``write_filter`` writes it, ``find_files`` asks the ``data`` views.
"""
