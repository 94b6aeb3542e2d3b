import io.trino.filesystem.local.LocalFileSystemFactory;
import io.trino.plugin.hive.InternalHiveConnectorFactory;
import io.trino.spi.Plugin;
import io.trino.spi.connector.Connector;
import io.trino.spi.connector.ConnectorContext;
import io.trino.spi.connector.ConnectorFactory;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Trino's Hive connector over a folder, local:///. This release has such a file system, but no setting for it. */
public final class LocalFiles implements Plugin, ConnectorFactory {
  @Override
  public Iterable<ConnectorFactory> getConnectorFactories() {
    return List.of(this);
  }

  @Override
  public String getName() {
    return "hive_local";
  }

  @Override
  public Connector create(String catalog, Map<String, String> settings, ConnectorContext context) {
    var rest = new HashMap<>(settings);
    var files = new LocalFileSystemFactory(Path.of(rest.remove("local.root")));
    return InternalHiveConnectorFactory.createConnector(
        catalog, rest, context, binder -> {}, Optional.empty(), Optional.of(files), Optional.empty());
  }
}
