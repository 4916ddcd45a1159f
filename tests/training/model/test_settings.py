import pytest

from training.model.settings import AnomalyMapSettings, overridden_anomaly_map
from training.support.document import document_of
from training.support.user_error import UserError

RECORDED = AnomalyMapSettings(2048, "nearest", 2.0, 17, 0.0)


def test_overrides_replace_recorded_fields_and_leave_the_rest():
    changed = overridden_anomaly_map(RECORDED, {"upsampling": "bilinear", "blur_kernel": 9})
    assert document_of(changed) == {**document_of(RECORDED), "upsampling": "bilinear", "blur_kernel": 9}
    assert overridden_anomaly_map(RECORDED, {}) == RECORDED


@pytest.mark.parametrize(("overrides", "message"), [({"sigma": 1.0}, "sigma is unknown"), ({"blur_kernel": 8}, "odd")])
def test_unknown_and_even_settings_are_refused(overrides, message):
    with pytest.raises(UserError, match=message):
        overridden_anomaly_map(RECORDED, overrides)
