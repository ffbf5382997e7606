"""The pages, by subject: each module has a `router`, and `app` takes in every one that is here."""
