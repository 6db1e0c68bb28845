"""A detector to fine-tune: FCOS of torchvision (Tian et al. 2019), without anchors to tune, from weights to an ONNX file.

This module imports torch and torchvision: nothing imports it unless somebody trains.
"""

import io
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torchvision.models import ResNet18_Weights
from torchvision.models.detection import FCOS, FCOS_ResNet50_FPN_Weights
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.transform import GeneralizedRCNNTransform
from torchvision.ops.feature_pyramid_network import LastLevelP6P7

from modicum.errors import ModelError
from modicum.models.frame import IMAGENET

BACKBONES = {"fcos-resnet50": "resnet50", "fcos-resnet18": "resnet18"}
OPSET = 18
_MEAN, _STD = ([value / 255 for value in part] for part in IMAGENET)


def build(network: str, n_classes: int, size: int, *, pretrained: bool) -> Any:
    """A network for these classes and pictures of size x size pixels; `pretrained`: made for weights that are given."""
    backbone = resnet_fpn_backbone(
        backbone_name=BACKBONES[network],
        weights=None,
        norm_layer=_frozen if pretrained else torch.nn.BatchNorm2d,
        trainable_layers=3 if pretrained else 5,
        returned_layers=[2, 3, 4],
        extra_blocks=LastLevelP6P7(256, 256),
    )
    model = FCOS(backbone, n_classes)
    model.transform = GeneralizedRCNNTransform(size, size, _MEAN, _STD, fixed_size=(size, size))
    return model


def _frozen(channels: int) -> Any:
    """Normalisation as it was learned from many pictures: a few of ours would only spoil it."""
    from torchvision.ops.misc import FrozenBatchNorm2d

    return FrozenBatchNorm2d(channels)


def given(network: str, weights: str) -> dict[str, Any]:
    """Weights by name: `default` (COCO for resnet50, ImageNet's backbone for resnet18; downloaded once), or those of a file.

    Raises ModelError.
    """
    try:
        if weights != "default":
            found = torch.load(Path(weights).expanduser(), map_location="cpu", weights_only=True)
            found = found.get("model", found)
        elif network == "fcos-resnet50":
            found = FCOS_ResNet50_FPN_Weights.COCO_V1.get_state_dict(progress=False, check_hash=True, weights_only=True)
        else:
            body = ResNet18_Weights.IMAGENET1K_V1.get_state_dict(progress=False, check_hash=True, weights_only=True)
            found = {f"backbone.body.{name}": value for name, value in body.items()}
    except Exception as error:  # of several libraries' types: no such file, no network, another kind of file
        reason = " ".join(str(error).split())[:200]
        raise ModelError(f"the weights {weights} of {network} cannot be loaded ({reason}); give a file, or none") from error
    if not isinstance(found, dict) or not all(isinstance(value, torch.Tensor) for value in found.values()):
        raise ModelError(f"{weights} holds no weights by name: save the network's state_dict")
    return found


def start(model: Any, weights: dict[str, Any]) -> str:
    """Take over all weights that fit, and say how many do. Raises ModelError when none does."""
    own = model.state_dict()
    fitting = {name: value for name, value in weights.items() if name in own and own[name].shape == value.shape}
    if not fitting:
        raise ModelError("none of the weights fit this network: they are of another one")
    model.load_state_dict(fitting, strict=False)
    return f"{len(fitting):,} of {len(own):,} weights are given, the others start anew"


def losses(model: Any, images: Sequence[Any], targets: Sequence[dict[str, Any]]) -> Any:
    """The sum of the network's losses on pictures float[3, size, size] from 0 to 1 and their boxes and labels."""
    return sum(model(list(images), list(targets)).values())


# --- to ONNX -----------------------------------------------------------------------------------------------------------


def export(model: Any, size: int, classes: Sequence[str], path: Path) -> None:
    """Write the network as ONNX, and beside it the JSON that `modicum prelabel` needs. Raises ModelError when it differs.

    Its outputs are boxes [1, n, 4] in pixels of the input and scores [1, n, classes], before suppression.
    """
    model = model.to("cpu").eval()
    example = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0)) * 4 - 2
    with torch.inference_mode():
        anchors = _anchors(model, example)
        expected = _raw(model, anchors, example)
    model.forward = partial(_raw, model, anchors.clone())
    try:
        with torch.no_grad():
            data = _written(model, example)
    finally:
        del model.forward
    path.parent.mkdir(parents=True, exist_ok=True)
    _put(path, data)
    _check(data, example, expected)
    mean, std = (list(part) for part in IMAGENET)
    prepared = {"size": [size, size], "resize": "letterbox", "mean": mean, "std": std}
    description = {"family": "boxes", "classes": list(classes), **prepared, "above": 0.05, "overlap": 0.6}
    _put(path.with_suffix(".json"), json.dumps(description, ensure_ascii=False, indent=1).encode())


def _anchors(model: Any, example: Any) -> Any:
    """The places the network looks at, [n, 4] on the input; they follow from its size alone."""
    features = list(model.backbone(example).values())
    (found,) = model.anchor_generator(ImageList(example, [tuple(example.shape[-2:])]), features)
    return found


def _raw(model: Any, anchors: Any, pixels: Any) -> tuple[Any, Any]:
    """boxes [n, k, 4] (corners on the input) and scores [n, k, c] of pictures as the network wants them."""
    features = list(model.backbone(pixels).values())
    said = model.head(features)
    centres = (anchors[:, :2] + anchors[:, 2:]) / 2
    sides = anchors[:, 2:] - anchors[:, :2]
    low = centres - said["bbox_regression"][..., :2] * sides
    high = centres + said["bbox_regression"][..., 2:] * sides
    scores = torch.sqrt(torch.sigmoid(said["cls_logits"]) * torch.sigmoid(said["bbox_ctrness"]))
    return torch.cat([low, high], dim=-1), scores


def _written(model: Any, example: Any) -> bytes:
    file = io.BytesIO()
    names = {"input_names": ["images"], "output_names": ["boxes", "scores"], "opset_version": OPSET}
    torch.onnx.export(model, (example,), file, dynamo=False, **names)
    return file.getvalue()


def _check(data: bytes, example: Any, expected: tuple[Any, Any]) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    found = session.run(None, {"images": example.numpy()})
    for name, mine, theirs in zip(("boxes", "scores"), expected, found, strict=True):
        apart = float((mine - torch.from_numpy(theirs)).abs().max())
        if apart > (0.5 if name == "boxes" else 0.01):
            raise ModelError(
                f"the exported network differs from the trained one: {name} by {apart:g}; the file is not to be used"
            )


def _put(path: Path, data: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    part.replace(path)
