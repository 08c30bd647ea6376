from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wxservices import payload, signing
from wxservices.signing import Method

ORDER = {
    "appid": "wxd930ea5d5a258f4f",
    "mch_id": "10000100",
    "device_info": "1000",
    "body": "test",
    "nonce_str": "ibuaiVcKdpRxkhJA",
}
ORDER_KEY = "192006250b4c09247ec02edce69f6a2d"
ORDER_SIGNS: dict[Method, str] = {
    "MD5": "9A0A8659F005D6984697E2CA0A9CF3B7",
    "HMAC-SHA256": "6A9AE1657590FD6257D693A078E1C3E4BB6BA4DC30B23E0EE2496E54170DACD6",
}


@pytest.mark.parametrize("method", get_args(Method))
def test_the_order_that_wechat_signs_in_its_manual(method: Method) -> None:
    sent = ORDER | {"sign": "whatever", "attach": ""}
    assert signing.sign(sent, ORDER_KEY, method) == ORDER_SIGNS[method]
    assert signing.verify(sent, ORDER_KEY, ORDER_SIGNS[method], method)
    assert signing.verify(sent, ORDER_KEY, ORDER_SIGNS[method].lower(), method)


def test_the_payment_that_wechat_signs_in_its_manual() -> None:
    payment = {
        "appId": "wxd678efh567hg6787",
        "nonceStr": "5K8264ILTKCH16CQ2502SI8ZNMTM67VS",
        "package": "prepay_id=wx2017033010242291fcfe0db70013231072",
        "signType": "MD5",
        "timeStamp": "1490840662",
    }
    assert signing.md5(payment, "qazwsxedcrfvtgbyhnujmikolp111111") == "22D9B4E54AB1950F51E0649E8810ACD6"


def test_pairs_are_sorted_by_ascii_and_not_quoted() -> None:
    params = {
        "b": "2",
        "a": "x y&=",
        "B": "3",
        "a_b": "4",
        "ab": "名",
        "sign": "s",
        "empty": "",
        "zero": "0",
        "Sign": "5",
    }
    assert signing.pairs(params) == "B=3&Sign=5&a=x y&=&a_b=4&ab=名&b=2&zero=0"


@pytest.mark.parametrize("method", get_args(Method))
@pytest.mark.parametrize(
    "signature",
    ["", "9A", "签名", "\ud800", "\x00" * 32, ORDER_SIGNS["MD5"] + "0", ORDER_SIGNS["MD5"][:-1] + "４", "ﬀ" * 16],
)
def test_a_forged_signature_is_refused(signature: str, method: Method) -> None:
    assert not signing.verify(ORDER, ORDER_KEY, signature, method)


def test_a_signature_by_the_other_method_is_refused() -> None:
    assert not signing.verify(ORDER, ORDER_KEY, ORDER_SIGNS["MD5"], "HMAC-SHA256")
    assert not signing.verify(ORDER, ORDER_KEY, ORDER_SIGNS["HMAC-SHA256"], "MD5")


def test_a_letter_that_only_unicode_folds_is_refused() -> None:
    """``str.upper`` turns the one character ``ﬀ`` into the two letters ``FF``."""
    params = next({"n": str(n)} for n in range(10_000) if "FF" in signing.md5({"n": str(n)}, "key"))
    right = signing.md5(params, "key")
    assert signing.verify(params, "key", right, "MD5")
    assert not signing.verify(params, "key", right.replace("FF", "ﬀ", 1), "MD5")


texts = st.text(max_size=12)
some_params = st.dictionaries(st.text("abcABC_", min_size=1, max_size=4), texts, max_size=6)
methods = st.sampled_from(get_args(Method))


@given(some_params, texts, methods, st.randoms())
def test_order_empty_values_and_case_do_not_matter(
    params: dict[str, str], key: str, method: Method, random: Any
) -> None:
    signature = signing.sign(params, key, method)
    items = [*params.items(), ("sign", "x"), ("zz", "")]
    random.shuffle(items)
    assert signing.verify(dict(items), key, signature.lower(), method)


@given(some_params, texts, methods, st.sampled_from("abc"), texts.filter(bool))
def test_any_other_value_has_another_signature(
    params: dict[str, str], key: str, method: Method, name: str, value: str
) -> None:
    changed = params | {name: params.get(name, "") + value}
    assert not signing.verify(changed, key, signing.sign(params, key, method), method)


@given(st.text() | st.text(st.characters(categories=["Cs"])), methods)
def test_no_text_is_a_signature_by_chance(signature: str, method: Method) -> None:
    assert not signing.verify(ORDER, ORDER_KEY, signature, method)


# --- members of a JSON text


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ('"张 三&"', "张 三&"),
        ('""', None),
        ("null", None),
        ("0", "0"),
        ("80", "80"),
        ("80.00", "80.00"),
        ("1E2", "1E2"),
        ("-0", "-0"),
        ("true", "true"),
        ("false", "false"),
        ("[]", "[]"),
        ("{}", "{}"),
        (
            '[ {"price": 80.00, "name": "张\\u4e09\\n\\"/", "b": null}, true, "", -1.50e+3 ]',
            '[{"price":80.00,"name":"张三\\n\\"/","b":null},true,"",-1.50e+3]',
        ),
    ],
)
def test_a_json_value_counts_as_it_was_written(written: str, text: str | None) -> None:
    assert signing.text_of(payload.loads(written)) == text


def test_a_ticket_request() -> None:
    data = payload.loads(
        '{"userPhone": "13800138000", "amount": 80.00, "nonceStr": "abc", "remark": "", "from": null,'
        ' "count": 0, "child": false, "ticketDetails": [{"name": "张三", "price": 80.00}], "sign": "x"}'
    )
    assert signing.pairs(signing.texts(data)) == (
        'amount=80.00&child=false&count=0&nonceStr=abc&ticketDetails=[{"name":"张三","price":80.00}]&userPhone=13800138000'
    )


@pytest.mark.parametrize("value", [1.5, b"1", {"a": [1.5]}, (1,)])
def test_what_json_cannot_give_is_not_signed(value: object) -> None:
    with pytest.raises(TypeError):
        signing.text_of(value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(json_values.filter(lambda value: isinstance(value, dict | list)))
def test_arrays_and_objects_are_compact_json(value: Any) -> None:
    compact = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert signing.text_of(value) == compact
    assert signing.text_of(payload.loads(json.dumps(value, indent=1))) == compact
