"""The composition root: the only place that imports and joins the rooms."""
