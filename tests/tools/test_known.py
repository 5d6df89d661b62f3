"""Noise that is known is that of one source and configuration."""

from __future__ import annotations

import sys
import tempfile
import unittest
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from unittest import mock

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / part) for part in ("", "tools")]

from lib import known
from lib.kernel import Kernel

LOGS = ("[    1.0] WARNING: one\n[    2.0] WARNING: one\n", "[    1.0] WARNING: one\n[    2.0] BUG: two\n")
NOISE = Counter({"WARNING: one": 2, "BUG: two": 1})
KERNEL = Kernel(Path("src"), Path("objects"), "a-kernel")


class Known(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.kept, self.measured = Path(directory.name) / "kept", Path(directory.name) / "measured"
        self.key, self.boots = "key", 0
        for name, value in (("KEPT", self.kept), ("MEASURED", self.measured), ("key_of", lambda *_: self.key),
                            ("rel", str), ("say", lambda _: None)):
            patch = mock.patch.object(known, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def measure(self) -> Iterable[str]:
        self.boots += 1
        return LOGS

    def noise(self) -> Counter[str]:
        return known.known(KERNEL, "base", self.measure)

    def test_it_is_measured_once(self) -> None:
        self.assertEqual((self.noise(), self.noise(), self.boots), (NOISE, NOISE, 1))

    def test_what_the_repository_has_is_not_measured(self) -> None:
        known.write(self.kept / KERNEL.name, "key", Counter({"WARNING: kept": 3}))
        self.assertEqual((self.noise(), self.boots), (Counter({"WARNING: kept": 3}), 0))

    def test_another_kernel_is_measured_again(self) -> None:
        known.write(self.kept / KERNEL.name, "key", Counter({"WARNING: kept": 3}))
        self.noise()
        self.key = "another"
        self.assertEqual((self.noise(), self.noise(), self.boots), (NOISE, NOISE, 1))

    def test_a_kernel_without_noise_is_known(self) -> None:
        known.write(self.kept / KERNEL.name, "key", Counter())
        self.assertEqual((self.noise(), self.boots), (Counter(), 0))

    def test_a_kernel_is_what_its_options_say_not_which_file_does(self) -> None:
        one, other = self.kept.with_name("one"), self.kept.with_name("other")
        one.write_text("# Both.\nCONFIG_A=y\n# CONFIG_B is not set\n")
        other.write_text("# CONFIG_B is not set\n")
        before = known.options([one, other])
        one.write_text("CONFIG_A=y\n")
        self.assertEqual(known.options([other, one]), before)
        other.write_text("CONFIG_B=y\n")
        self.assertNotEqual(known.options([other, one]), before)


if __name__ == "__main__":
    unittest.main()
