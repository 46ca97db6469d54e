"""Those that read pictures, each in a process of its own: see `peers.py`. `reading.py` asks them.

RapidOCR may be installed in an environment of its own, so nothing of digitlab is imported for it.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import peers

DIGITS = "0123456789"


class Digitlab:
    """This library, with the model that ships."""

    def __init__(self, _job: peers.JSON, threads: int) -> None:
        import digitlab as dl
        from digitlab.network import shipped

        self.read_picture = dl.read
        self.about = f"digitlab {dl.__version__}, {threads} thread(s)"
        self.settings = [""]
        self.weights = sum(path.stat().st_size for path in Path(shipped.__file__).parents[1].glob("models/*"))

    def read(self, path: str, _setting: str) -> peers.JSON:
        """Its lines, each digit with whether it is doubtful."""
        began = time.process_time()
        reading = self.read_picture(path)
        seconds = time.process_time() - began
        lines = [[[digit.digit, digit.doubtful] for digit in line.digits] for line in reading.lines]
        return {"lines": lines, "seconds": seconds}


class RapidOCR:
    """RapidOCR 3, with the models that its wheel has.

    Its settings are tried beside each other: lines found first, or the whole picture taken for one line, or that only
    where no line was found; and what is no digit left out of its answer, or out of the characters it chooses among.
    """

    def __init__(self, _job: peers.JSON, threads: int) -> None:
        import importlib.metadata

        import numpy as np
        from rapidocr import RapidOCR as Engine

        self.engine = Engine(
            params={
                "Global.log_level": "critical",
                "EngineConfig.onnxruntime.intra_op_num_threads": threads,
                "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            }
        )
        self.engine(np.full((64, 256, 3), 255, np.uint8), use_det=False)  # now all models but one are loaded
        decode = self.engine._load_rec_model().postprocess_op  # noqa: SLF001  # there is no other way to its characters
        chosen = np.array([name == "blank" or name in DIGITS for name in decode.character], np.float32)
        self.decoders = {
            "any": decode,
            "digits": lambda scores, *more, **options: decode(scores * chosen, *more, **options),
        }
        self.known: dict[tuple[str, str, str], tuple[list[str], float]] = {}
        self.settings = [f"{how}, {of}" for how in ("lines", "whole", "lines or whole") for of in self.decoders]
        models = [self.engine.cfg.Det, self.engine.cfg.Rec, self.engine.cfg.Cls]
        names = [f"{model.ocr_version.value} {model.task_type.value} {model.model_type.value}" for model in models]
        self.about = f"RapidOCR {importlib.metadata.version('rapidocr')}: {', '.join(names)}; {threads} thread(s)"
        self.weights = sum(path.stat().st_size for path in Path(self.engine.cfg.Global.model_root_dir).glob("*.onnx"))

    def read(self, path: str, setting: str) -> peers.JSON:
        """Its lines. It marks no digit doubtful: a line that it is not sure of, it leaves out."""
        how, of = setting.split(", ")
        lines, seconds = self.found(path, of, "whole" if how == "whole" else "lines")
        if how == "lines or whole" and not lines:
            lines, more = self.found(path, of, "whole")
            seconds += more
        return {"lines": [[[int(digit), False] for digit in line] for line in lines if line], "seconds": seconds}

    def found(self, path: str, of: str, how: str) -> tuple[list[str], float]:
        """The texts of its lines, and the seconds that took; of the last picture, they are kept for other settings."""
        if (path, of, how) not in self.known:
            self.known = {key: value for key, value in self.known.items() if key[0] == path}
            self.engine.text_rec.postprocess_op = self.decoders[of]
            began = time.process_time()
            lines = self.lines(path) if how == "lines" else self.whole(path)
            self.known[path, of, how] = lines, time.process_time() - began
        return self.known[path, of, how]

    def whole(self, path: str) -> list[str]:
        """The picture as one line."""
        found = self.engine(path, use_det=False, use_cls=True, use_rec=True)
        good = found.txts is not None and found.scores[0] >= self.engine.text_score
        return [digits_of(found.txts[0])] if good else []

    def lines(self, path: str) -> list[str]:
        """What is in the boxes that it finds, those beside each other put together."""
        found = self.engine(path, use_det=True, use_cls=True, use_rec=True)
        if found.txts is None:
            return []
        boxes = [(box[:, 1].min(), box[:, 1].max(), box[:, 0].min()) for box in found.boxes]
        rows: list[list[tuple[Any, str]]] = []
        for box, text in sorted(zip(boxes, found.txts, strict=True), key=lambda one: one[0][0] + one[0][1]):
            middle = (box[0] + box[1]) / 2
            if rows and rows[-1][-1][0][0] <= middle <= rows[-1][-1][0][1]:
                rows[-1].append((box, text))
            else:
                rows.append([(box, text)])
        return ["".join(digits_of(text) for _, text in sorted(row, key=lambda one: one[0][2])) for row in rows]


def digits_of(text: str) -> str:
    return "".join(letter for letter in text if letter in DIGITS)


def answer(peer: Any, question: peers.JSON, _state: peers.JSON) -> peers.JSON:
    """What was asked for."""
    if question["do"] == "settings":
        return {"settings": peer.settings, "megabytes": peer.weights / 1e6}
    found: peers.JSON = peer.read(question["picture"], question["setting"])
    return found


if __name__ == "__main__":
    peers.serve({"reader": Digitlab, "rapidocr": RapidOCR}, dict, answer)
