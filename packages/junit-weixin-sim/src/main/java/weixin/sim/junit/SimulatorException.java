package weixin.sim.junit;

/** The simulator cannot be started or reached, or rejects what the test asks of it. */
public final class SimulatorException extends RuntimeException {
    private static final long serialVersionUID = 1;

    SimulatorException(String message) {
        super(message);
    }

    SimulatorException(String message, Throwable cause) {
        super(message, cause);
    }
}
