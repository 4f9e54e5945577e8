# Thin words over tools/dev.py, which needs Python >= 3.11 and nothing else.
# Further arguments: make test ARGS="tests/unit -x"
PYTHON ?= python3

.PHONY: run test check bench performance chaos fuzz mutation audit docs lock clean
run test check bench performance chaos fuzz mutation audit docs lock clean:
	@$(PYTHON) tools/dev.py $@ $(ARGS)
