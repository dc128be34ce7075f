"""EEG from boards that BrainFlow drives. Nothing else imports brainflow."""

import importlib
import logging
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from acquisition.clock import Clock
from acquisition.dejitter import Dejitter
from acquisition.stream import Chunk, StreamInfo

logger = logging.getLogger(__name__)

_VOLTS = 1e-6  # BrainFlow gives EEG in µV for every board.
_BUFFER_S = 60.0
_N_READINGS = 3


class BrainFlowSource:
    """EEG of one board, on the session's clock.

    BrainFlow stamps samples by the system's time of day as they arrive. The offset from it to the session's clock is
    measured anew at each pull, so a clock that the network corrects during a session is followed, and the stamps are
    freed of jitter (see `acquisition.dejitter`). A board that stops is simply silent.

    Parameters
    ----------
    board : str
        Its name: "synthetic", which needs no hardware, "cyton", "muse_2", ...
    clock : Clock
        The session's clock.
    serial_port : str, optional
        Where a board on a cable or a dongle is, such as "/dev/ttyUSB0" or "COM3".
    mac_address, ip_address, serial_number : str, optional
        Where a board on Bluetooth or WiFi is, if it is not to be searched for.
    ip_port : int, optional
        Its port on WiFi.
    time_of_day : callable
        The clock of BrainFlow's own stamps, in s.

    Raises
    ------
    ModuleNotFoundError
        If BrainFlow is not installed.
    ValueError
        If the board is not known, has no EEG channels, or lacks an argument that it needs.
    OSError
        If the board does not answer.
    """

    def __init__(
        self,
        board: str,
        clock: Clock,
        serial_port: str | None = None,
        mac_address: str | None = None,
        ip_address: str | None = None,
        ip_port: int | None = None,
        serial_number: str | None = None,
        time_of_day: Callable[[], float] = time.time,
    ) -> None:
        self._flow = _load_brainflow()
        self._clock, self._time_of_day = clock, time_of_day
        boards = board_names()
        if board not in boards:
            raise ValueError(f"Argument 'board' must be one of {', '.join(boards)} (got {board!r}).")
        number = boards[board]
        described = self._flow.BoardShim.get_board_descr(number)
        sfreq = float(described["sampling_rate"])
        self._rows, self._time_row = described["eeg_channels"], described["timestamp_channel"]
        names = described["eeg_names"].split(",") if "eeg_names" in described else []
        if len(names) != len(self._rows):
            names = [f"ch{i}" for i in range(1, len(self._rows) + 1)]
        self.streams = (StreamInfo("eeg", sfreq, tuple(names), "V", source_id=f"brainflow:{board}"),)
        parameters = self._flow.BrainFlowInputParams()
        parameters.serial_port = serial_port or ""
        parameters.mac_address = mac_address or ""
        parameters.ip_address = ip_address or ""
        parameters.ip_port = ip_port or 0
        parameters.serial_number = serial_number or ""
        self._board = self._connect(board, number, parameters, round(_BUFFER_S * sfreq))
        self._dejitter = Dejitter(sfreq)
        self._silent_since_error = False
        self.offset = self._measure_offset()

    def pull(self, until: float) -> list[Chunk]:  # noqa: ARG002
        """What has arrived since the last pull, at most one chunk, never waited for."""
        if self._board is None:
            return []
        try:
            rows = self._board.get_board_data()
        except self._flow.BrainFlowError as error:
            if not self._silent_since_error:
                logger.warning("The board %s gives no data: %s.", self.streams[0].source_id, error)
            self._silent_since_error = True
            return []
        self._silent_since_error = False
        self.offset = self._measure_offset()
        if not rows.shape[1]:
            return []
        times = self._dejitter(rows[self._time_row] + self.offset)
        return [Chunk("eeg", times, (rows[self._rows].T * _VOLTS).astype(np.float32))]

    def clock_offsets(self) -> dict[str, float]:
        """What was last added to BrainFlow's time stamps, in s."""
        return {"eeg": self.offset}

    def close(self) -> None:
        """Stop the board and release it; safe to call twice."""
        board, self._board = self._board, None
        if board is None:
            return
        for release in (board.stop_stream, board.release_session):
            try:
                release()
            except self._flow.BrainFlowError as error:
                # A board that was unplugged cannot be stopped, but must be released all the same.
                logger.info("Board %s: %s.", self.streams[0].source_id, error)

    def _connect(self, board: str, number: int, parameters: Any, n_buffered: int) -> Any:
        shim = self._flow.BoardShim(number, parameters)
        try:
            shim.prepare_session()
            shim.start_stream(n_buffered)
        except self._flow.BrainFlowError as error:
            if shim.is_prepared():
                shim.release_session()
            if error.exit_code == self._flow.BrainFlowExitCodes.INVALID_ARGUMENTS_ERROR and not parameters.serial_port:
                raise ValueError(
                    f"Argument 'serial_port' must say where the board {board!r} is, such as '/dev/ttyUSB0' or 'COM3' "
                    f"(got none; a board on WiFi or Bluetooth needs 'ip_address' or 'mac_address' instead)."
                ) from error
            where = f" at {parameters.serial_port}" if parameters.serial_port else ""
            reason = self._flow.BrainFlowExitCodes(error.exit_code).name
            raise OSError(f"The board {board!r} does not answer{where}: BrainFlow says {reason}.") from error
        return shim

    def _measure_offset(self) -> float:
        """Session time minus time of day, in s, from the reading that was interrupted least."""
        readings = []
        for _ in range(_N_READINGS):
            before, of_day, after = self._clock.now(), self._time_of_day(), self._clock.now()
            readings.append((after - before, (before + after) / 2 - of_day))
        return min(readings)[1]


def board_names() -> dict[str, int]:
    """Names of the boards that have EEG channels, and BrainFlow's numbers for them.

    Raises
    ------
    ModuleNotFoundError
        If BrainFlow is not installed.
    """
    flow = _load_brainflow()
    names = {}
    for number in flow.BoardIds:
        try:
            described = flow.BoardShim.get_board_descr(number)
        except flow.BrainFlowError:
            continue
        if described.get("eeg_channels"):
            names[number.name.lower().replace("_board", "")] = int(number)
    return names


def _load_brainflow() -> Any:
    """The module brainflow.board_shim, loaded no earlier than needed."""
    try:
        with warnings.catch_warnings():
            # It still reads pkg_resources, which warns every user about its own end.
            warnings.simplefilter("ignore")
            flow = importlib.import_module("brainflow.board_shim")
            # Its own log goes to stderr from C++, in the middle of what a command says.
            flow.BoardShim.disable_board_logger()
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "BrainFlow boards need the extra 'brainflow', which is not installed: uv sync --extra brainflow."
        ) from error
    return flow
