"""Data: manifests, splits by camera, augmentation and the synthesis of training groups."""
