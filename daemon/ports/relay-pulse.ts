/** The watchdog input of the relay in the arm's supply: it stays closed for as long as pulses come. */
export interface RelayPulse {
  /** One pulse; must not block, and goes nowhere while the device is away. */
  pulse(): void;
  close(): void;
}
