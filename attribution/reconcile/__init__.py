"""One answer from path models, a media-mix fit and experiments on people.

`mix_side`, `path_side` and `people_tests` bring each source to one window and one list of channels (`overlap`,
`matching`); `attribution_models.reconcile` puts them together; `frames`, `reasons` and `keep` make tables of it.
"""
