"""`hf:` and `timm:` encoders, with the extras of the same names; nothing here is imported before somebody asks for one."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modicum.encoders import onnx_model
from modicum.encoders.image import ImageEncoder, Preprocessing
from modicum.errors import EncoderError, MissingExtraError


def load_hf(name: str, cache: Path) -> ImageEncoder:
    """`hf:org/name` or `hf:org/name/path/to/file.onnx`: downloads the model and its preprocessing from the Hugging Face hub.

    The preprocessing is the `.json` beside the model when there is one, else the repository's preprocessor_config.json.
    Raises MissingExtraError, EncoderError.
    """
    try:
        import huggingface_hub
    except ImportError as error:
        raise MissingExtraError(f"hf:{name}", "hf") from error
    parts = name.split("/")
    if len(parts) < 2 or not all(parts) or (len(parts) > 2 and not name.endswith(".onnx")):
        raise EncoderError(f"received hf:{name}; allowed are hf:ORG/NAME and hf:ORG/NAME/FILE.onnx")
    repository, file = "/".join(parts[:2]), "/".join(parts[2:]) or "model.onnx"
    folder = cache / "huggingface"

    def fetch(path: str) -> Path:
        return Path(huggingface_hub.hf_hub_download(repository, path, cache_dir=folder))

    try:
        model = fetch(file)
    except Exception as error:  # network, login and missing files, of several libraries' types
        raise _unreachable(repository, file, error) from error
    try:
        preprocessing = onnx_model.read_preprocessing(fetch(file.removesuffix(".onnx") + ".json"))
    except EncoderError:
        raise
    except Exception:  # not there: the hub's own description then
        try:
            preprocessing = from_hf_config(fetch("preprocessor_config.json"))
        except EncoderError:
            raise
        except Exception as error:
            raise _unreachable(repository, "preprocessor_config.json", error) from error
    return onnx_model.load(model, preprocessing, f"hf:{name}")


def _unreachable(repository: str, file: str, error: Exception) -> EncoderError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return EncoderError(f"{file} of {repository} cannot be downloaded ({reason}); check the name and the connection")


def from_hf_config(path: Path) -> Preprocessing:
    """The preprocessing in the hub's preprocessor_config.json, whose mean and std count from 0 to 1. Raises EncoderError."""
    try:
        config: dict[str, Any] = json.loads(path.read_bytes())
        resize, crop = _side(config["size"]), config.get("crop_size") if config.get("do_center_crop", True) else None
        size = _side(crop) if crop else resize
        normal = config.get("do_normalize", True)
        factor = 1 / config.get("rescale_factor", 1 / 255) if config.get("do_rescale", True) else 1.0
        mean, std = (config["image_mean"], config["image_std"]) if normal else ([0.0] * 3, [1.0] * 3)
        return Preprocessing(
            size=size,
            mean=(mean[0] * factor, mean[1] * factor, mean[2] * factor),
            std=(std[0] * factor, std[1] * factor, std[2] * factor),
            crop=min(1.0, size / resize),
            resize="bicubic" if config.get("resample") == 3 else "bilinear",
        )
    except (KeyError, IndexError, TypeError, ValueError, ZeroDivisionError, AttributeError) as error:
        reason = f"{path.name} describes no preprocessing we know ({error})"
        raise EncoderError(f"{reason}; download the model and use file: with a JSON of your own") from error


def _side(size: Any) -> int:
    """The hub writes sizes as a number, {"shortest_edge": n} or {"height": n, "width": n}."""
    if isinstance(size, dict):
        return int(size["shortest_edge"] if "shortest_edge" in size else min(size["height"], size["width"]))
    return int(size)


def load_timm(name: str, cache: Path) -> ImageEncoder:
    """`timm:NAME`: any model of timm, pretrained, without its classifier. Raises MissingExtraError, EncoderError."""
    try:
        import timm
        import torch
    except ImportError as error:
        raise MissingExtraError(f"timm:{name}", "timm") from error
    try:
        model = timm.create_model(name, pretrained=True, num_classes=0, cache_dir=cache / "timm").eval()
        config = timm.data.resolve_model_data_config(model)
        preprocessing = Preprocessing(
            size=config["input_size"][-1],
            mean=tuple(255 * value for value in config["mean"]),
            std=tuple(255 * value for value in config["std"]),
            crop=config["crop_pct"],
            resize="bicubic" if config["interpolation"] == "bicubic" else "bilinear",
        )
    except Exception as error:  # unknown names, failed downloads, odd settings: of several libraries' types
        reason = " ".join(str(error).split())[:200]
        raise EncoderError(f"timm:{name} cannot be loaded ({reason}); timm.list_models() names what there is") from error

    def network(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            vectors: NDArray[np.float32] = model(torch.from_numpy(pixels)).numpy()
        return vectors

    return ImageEncoder(f"timm:{name}", int(model.num_features), preprocessing, network)
