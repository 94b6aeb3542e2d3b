/** Starts Trino's server from its libraries: the packaged distribution is not on Maven Central. */
public final class TrinoServer {
  public static void main(String[] arguments) {
    new io.trino.server.Server().start("435");
  }
}
