"""A private PKI, made by the program under test."""
from support.program import run


def make_pki(folder, *more):
    """A CA and a server certificate for localhost, and what `more` asks for: words of `tlsproof pki` without --out."""
    for words in (["ca", "--key", "p256", "--no-passphrase", "--subject", "O=example,CN=Root CA"],
                  ["server", "--ca", folder, "--name", "localhost"], *more):
        made = run("pki", *words, "--out", folder)
        assert made.status == 0, made
