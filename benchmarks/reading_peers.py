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
    where no line was found; and of its texts those that it is sure of, as it comes, or all of them, or each character
    taken for the digit that is most like it. What is no digit is left out of the text.
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
        chosen = np.array([name in DIGITS for name in decode.character], np.float32)
        blank = np.array([name == "blank" for name in decode.character])

        def as_digits(scores: Any, *more: Any, **options: Any) -> Any:
            """Whatever character it takes something for, the digit that is most like it."""
            kept = np.where(blank[scores.argmax(axis=2)][..., None], scores * blank, scores * chosen)
            return decode(kept, *more, **options)

        self.decoders = {"sure": (decode, self.engine.text_score), "all": (decode, 0.0), "digits": (as_digits, 0.0)}
        self.known: dict[tuple[str, str], tuple[Any, Any, float]] = {}
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
        """The texts of its lines, and the seconds that took; crops are found once for all settings of a picture."""
        from rapidocr.main import RapidOCRError

        if (path, how) not in self.known:
            self.known = {key: value for key, value in self.known.items() if key[0] == path}
            began = time.process_time()
            image, record = self.engine.preprocess_img(self.engine.load_img(path))
            crops, boxes = [image], None
            try:
                if how == "lines":
                    crops, found = self.engine.detect_and_crop(image, record)
                    boxes = found.boxes
                crops = self.engine.cls_and_rotate(crops)[0]
            except RapidOCRError:  # it found nothing
                crops = []
            self.known[path, how] = crops, boxes, time.process_time() - began
        crops, boxes, seconds = self.known[path, how]
        if not crops:
            return [], seconds
        began = time.process_time()
        self.engine.text_rec.postprocess_op, least = self.decoders[of]
        found = self.engine.recognize_txt(crops)
        texts = [text if score >= least else "" for text, score in zip(found.txts, found.scores, strict=True)]
        lines = [digits_of(text) for text in (texts if boxes is None else in_lines(boxes, texts))]
        return lines, seconds + time.process_time() - began


def in_lines(boxes: Any, texts: list[str]) -> list[str]:
    """The texts of boxes ``(N, 4, 2)``, those beside each other put together, from left to right."""
    found = [(box[:, 1].min(), box[:, 1].max(), box[:, 0].min(), text) for box, text in zip(boxes, texts, strict=True)]
    rows: list[list[Any]] = []
    for one in sorted(found, key=lambda one: one[0] + one[1]):
        if rows and rows[-1][-1][0] <= (one[0] + one[1]) / 2 <= rows[-1][-1][1]:
            rows[-1].append(one)
        else:
            rows.append([one])
    return ["".join(text for *_, text in sorted(row, key=lambda one: one[2])) for row in rows]


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
