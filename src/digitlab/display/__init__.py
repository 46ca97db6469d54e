"""Display: figures for notebooks and files, pictures and progress for the terminal; numbers put into words.

`evaluate` comes from here for whoever imports digitlab, because its `Report` is put into words here when it is printed.
"""

from digitlab.display.backprop import step_text
from digitlab.display.distortions import draw_distortions
from digitlab.display.html_report import save_html_report
from digitlab.display.html_subject import Subject
from digitlab.display.report import report_text
from digitlab.display.show import display_prediction
from digitlab.evaluation import Report, evaluate

__all__ = [
    "Report",
    "Subject",
    "display_prediction",
    "draw_distortions",
    "evaluate",
    "report_text",
    "save_html_report",
    "step_text",
]
