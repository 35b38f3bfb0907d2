"""The plan as Asterisk files: `render()` is pure, `write()` puts the files in place."""

from hotline_ivr.asterisk.render.render import RenderInput, render
from hotline_ivr.asterisk.writing import write

__all__ = ["RenderInput", "render", "write"]
