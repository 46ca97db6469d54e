"""Published results, trained again: chosen recipes over several seeds, and a table of published and measured errors."""

from digitlab.reproduction.figure import draw_table
from digitlab.reproduction.reproducing import default_recipes, reproduce
from digitlab.reproduction.table import Row, Table, read_table

__all__ = ["Row", "Table", "default_recipes", "draw_table", "read_table", "reproduce"]
