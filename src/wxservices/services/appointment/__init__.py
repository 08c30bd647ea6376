"""The rules of the document ``appointment``: a minute is booked, its owner comes and signs in, the front desk sees it.

``openings`` what is on offer, ``booking`` the appointments, ``signin`` who has come, ``desk`` the admin's lists,
``operator`` what is loaded.
"""

from ...service import OperatorData, Service
from . import booking, demo, desk, openings, operator, signin

SERVICE = Service(
    name=openings.SERVICE,
    operator_data=OperatorData(operator.AppointmentData, operator.apply, operator.dump),
    demo=demo.load,
)

__all__ = ["SERVICE", "booking", "desk", "openings", "operator", "signin"]
