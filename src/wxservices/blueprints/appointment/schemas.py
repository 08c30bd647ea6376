"""Parameters of the calls of ``appointment``, under the document's names."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, post_load, validates_schema

from ...fields import DateText, Integer, Parameters, Phone, Text


class Day(Parameters):
    day = DateText("YYYY-MM-DD", required=True, label="日期")


class Hour(Day):
    hour = Integer(min=0, max=23, required=True, label="小时")


class OpenId(Parameters):
    open_id = Text(max_length=128, required=True)


class MakeAppointment(Hour):
    minute = Integer(min=0, max=59, required=True, label="分钟")
    open_id = Text(max_length=128, required=True)
    name = Text(max_length=64, required=True, label="姓名")
    phone_num = Phone(required=True, label="手机号码")


class AppointmentId(Parameters):
    """The document writes ``appintment_id`` in what is sent and ``appointment_id`` in what is answered: either will
    do, and both if they agree.  Given as ``appointment_id``.
    """

    appintment_id = Integer(min=1, load_default=None, label="预约编号")
    appointment_id = Integer(min=1, load_default=None, label="预约编号")

    @validates_schema
    def is_one(self, data: dict[str, Any], **_: Any) -> None:
        sent = {number for number in (data["appintment_id"], data["appointment_id"]) if number is not None}
        if len(sent) != 1:
            raise ValidationError("预约编号不一致" if sent else "预约编号不能为空", "appintment_id")

    @post_load
    def under_one_name(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        either = data.pop("appintment_id")
        return data | {"appointment_id": data["appointment_id"] or either}


class CancelAppointment(OpenId, AppointmentId):
    pass


class Date(Parameters):
    date = DateText("YYYY-MM-DD", load_default=None, label="日期")
