# The Elixir side of scripts/demo: run with the node's name as the only argument.
defmodule Point do
  defstruct [:x, :y]
end

defmodule CalcDemo do
  def step(what, got, expected) do
    IO.puts("  elixir  #{String.pad_trailing(what, 52)} -> #{inspect(got)}")

    if got != expected do
      IO.puts("  elixir  EXPECTED #{inspect(expected)}")
      System.halt(1)
    end
  end

  def main(node) do
    calc = {:calc, node}
    step("Node.connect(node)", Node.connect(node), true)
    step("GenServer.call({:calc, node}, {:add, 1, 2})", GenServer.call(calc, {:add, 1, 2}), 3)
    step("GenServer.cast({:calc, node}, {:remember, \"hi\"})", GenServer.cast(calc, {:remember, "hi"}), :ok)
    step("GenServer.call({:calc, node}, :recall)", GenServer.call(calc, :recall), "hi")

    step(
      "GenServer.call(.., {:scale, %Point{x: 1, y: 2}, 3})",
      GenServer.call(calc, {:scale, %Point{x: 1, y: 2}, 3}),
      %Point{x: 3, y: 6}
    )

    step(
      "GenServer.call(.., {:scale, %{}, 3})",
      GenServer.call(calc, {:scale, %{}, 3}),
      {:error, {:bad_request, {:scale, %{}, 3}}}
    )
  end
end

CalcDemo.main(String.to_atom(hd(System.argv())))
