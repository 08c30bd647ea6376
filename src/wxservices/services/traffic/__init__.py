"""The rules of the document ``traffic``: windows booked at a vehicle office, and the kiosk's check.

``businesses`` the tree of what can be booked, ``slots`` when, ``drafts`` what is typed so far, ``booking`` the
booking itself, ``kiosk`` the device's question, ``operator`` what is loaded.
"""

from ...service import OperatorData, Service
from . import booking, businesses, demo, drafts, kiosk, operator, slots

SERVICE = Service(
    name="traffic",
    operator_data=OperatorData(operator.TrafficData, operator.apply, operator.dump),
    demo=demo.load,
    purge=drafts.purge,
)

__all__ = ["SERVICE", "booking", "businesses", "drafts", "kiosk", "operator", "slots"]
