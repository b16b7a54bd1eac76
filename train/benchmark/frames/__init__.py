"""What frames tell of themselves, measured on real pictures: `python -m train frames`.

Whether a picture repeats, is damaged, smeared, combed or without colour is judged by `monitor`; here it is counted how
often that is right. Pictures are read by OpenCV and Pillow, which have the decoder of the service. What the service
makes of a damaged picture, its own command says: `monitor compare`, run as anybody would.
"""
