# make run    a server on 127.0.0.1:5000 (PORT=…) with demo data
# make test   lint, types and tests
PORT ?= 5000
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FLASK := $(BIN)/flask --app wsgi
READY := $(VENV)/ready

.PHONY: run test lint format bench docs clean

run: $(READY)
	@$(FLASK) wxservices upgrade
	@$(FLASK) wxservices demo
	@echo
	@echo "  Book a window:    http://127.0.0.1:$(PORT)/wx/orderselect"
	@echo "  Your bookings:    http://127.0.0.1:$(PORT)/wx/orderquery"
	@echo "  SMS codes:        $(FLASK) wxservices sms-codes"
	@echo "  As a kiosk:       curl http://127.0.0.1:$(PORT)/wx/checkorder -d ywlx=01 -d idnum=11010119900307002X --data-urlencode name=张三"
	@echo "  A front desk:     $(FLASK) wxservices appointment tail --url ws://127.0.0.1:$(PORT)/ws/signin-notify"
	@echo "  Vending staff:    curl http://127.0.0.1:$(PORT)/login_save.php -d login_mp=1 -d phone=19960000000 -d password_md5=123456"
	@echo "  A ticket order:   docs/tickets.md walks through one (log in with the code demo-customer)"
	@echo "  A charge:         docs/charging.md walks through one, docs/piles.md with a device on a broker"
	@echo
	@$(FLASK) run --port $(PORT)

test: $(READY) lint
	$(BIN)/pytest -n auto

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)
	$(BIN)/python -m benchmarks

docs: $(READY)
	$(BIN)/mkdocs build --strict

clean:
	rm -rf $(VENV) build dist site instance

$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test,docs]'
	@touch $@
