"""The commands, one module each, in the order in which help lists them."""

import typer

from hoofprint.app.commands import (
    analyze,
    config,
    explain,
    find,
    lineage,
    log,
    plan,
    run,
    serve,
    statistics,
    status,
    tag,
    token,
    views,
)


def register(app: typer.Typer) -> None:
    """Give the application its commands."""
    make_and_run, look, search, keep = "Plan and run", "Look at runs", "Find and tag", "Keep and serve"
    app.command(rich_help_panel=make_and_run)(plan.plan)
    app.command(rich_help_panel=make_and_run)(explain.explain)
    app.command(rich_help_panel=make_and_run)(run.run)
    app.command(rich_help_panel=look)(status.status)
    app.command(rich_help_panel=look)(analyze.analyze)
    app.command(rich_help_panel=look)(statistics.statistics)
    app.command(rich_help_panel=search)(find.find)
    app.command(rich_help_panel=search)(lineage.lineage)
    app.command(rich_help_panel=search)(tag.tag)
    app.add_typer(log.app, name="log", rich_help_panel=keep)
    app.add_typer(views.app, name="views", rich_help_panel=keep)
    app.command(rich_help_panel=keep)(config.config)
    app.command(rich_help_panel=keep)(serve.serve)
    app.command(rich_help_panel=keep)(token.token)
