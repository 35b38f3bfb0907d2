"""The plan as Asterisk files: rendering is pure, `write()` puts the files in place."""

from hotline_ivr.asterisk.render.render import PlanInput, render_instance, render_plan

__all__ = ["PlanInput", "render_instance", "render_plan"]
