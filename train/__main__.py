"""`python -m train`: fit, evaluate, calibrate and export the networks that the monitor uses."""

from train.cli.main import main

if __name__ == "__main__":
    main(prog_name="python -m train")
