"""Dense features: the maps fit the picture, lie where the picture's parts lie, and agree with the network they come from."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from PIL import Image

from modicum.encoders import dense, efficientnet, package
from modicum.engine.cells import stacked


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def picture(height: int, width: int) -> np.ndarray:
    small = np.random.default_rng(0).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC))


@pytest.mark.parametrize(("height", "width", "inner"), [(120, 160, (160, 120)), (300, 100, (53, 160)), (1, 400, (160, 1))])
def test_maps_fit_a_picture_of_any_shape(cache: Path, height: int, width: int, inner: tuple[int, int]) -> None:
    features = dense.load(cache, side=160)(picture(height, width))
    assert (features.size, features.inner) == ((width, height), inner)
    filled = [-(-side // 32) * 32 for side in inner[::-1]]
    for level, stride, channels in zip(features.levels, (4, 8, 16, 32), (24, 40, 112, 320), strict=True):
        assert level.shape == (filled[0] // stride, filled[1] // stride, channels)
        assert level.dtype == np.float16
        assert np.isfinite(level).all()
    assert stacked(features).shape == (filled[0] // 8, filled[1] // 8, 4 * 24 + 40 + 112 + 320)


def test_the_coarsest_map_leads_to_the_vector_of_the_classifier_s_encoder(cache: Path) -> None:
    image = picture(256, 256)
    coarse = dense.load(cache, side=256)(image).levels[-1]
    whole = onnx.load_from_string(package.converted(cache, package.NAME, efficientnet.build))
    last = next(node.output[0] for node in whole.graph.node if node.output[0] == "_blocks.15._project_conv")
    whole.graph.output.append(onnx.helper.make_tensor_value_info(last, onnx.TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(whole.SerializeToString(), providers=["CPUExecutionProvider"])
    (expected,) = session.run([last], {"image": package.PREPROCESSING.apply([image])})
    np.testing.assert_allclose(coarse, expected[0].transpose(1, 2, 0), rtol=1e-2, atol=2e-2)


def test_a_change_of_the_picture_shows_where_it_is(cache: Path) -> None:
    see = dense.load(cache, side=256)
    plain = np.full((256, 256, 3), 127, np.uint8)
    spotted = plain.copy()
    spotted[176:208, 48:80] = (255, 0, 0)
    for before, after, stride in zip(see(plain).levels[:3], see(spotted).levels, (4, 8, 16), strict=False):
        changed = np.abs(after.astype(np.float32) - before).sum(axis=2)
        down, right = np.unravel_index(int(changed.argmax()), changed.shape)
        assert abs((right + 0.5) * stride - 64) <= 32
        assert abs((down + 0.5) * stride - 192) <= 32
