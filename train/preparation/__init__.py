"""What happens to pictures before a data set is learned from: fetched, cropped, spliced, named, labelled, collected."""
