"""WeChat, as seen from a server: logins (``login``), the OAuth2 round trip of a page (``oauth``), HTTP (``http``), and
WeChat Pay (``pay``).
"""
